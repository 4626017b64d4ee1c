/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Queueing theory: what a queue with exponential arrivals, service and patience must come to (M/M/s and M/M/s+M),
 * exactly, and how sure a simulation can be of what it measured.
 */
#pragma once

#include <glib.h>

/* One class of customers, s alike agents with one chat each; the unit of time is the mean time of service. */
typedef struct
{
  guint s;
  double lambda; /* arrivals */
  double theta;  /* 1 / mean patience; 0 = nobody gives up */
  double within; /* T of the service level; 0 = not asked */
} QueueModel;

typedef struct
{
  double waits;    /* part of the customers that have to wait */
  double wait;     /* mean time in queue, of all customers */
  double abandons; /* part that gives up */
  double in_time;  /* part that waits at most T; for theta = 0 */
  double in_queue; /* mean number of customers in queue */
} QueueMeasures;

QueueMeasures theory_exact (const QueueModel *model);

/* Batch means: 40 numbers of parts of one run that are long enough to be nearly independent. */
#define N_BATCHES 40
typedef struct
{
  double mean, half_width; /* of the 99.9 % confidence interval */
} Estimate;
Estimate theory_estimate (const double batches[N_BATCHES]);

/* 1 = all the same, 1/n = one has everything. */
double theory_jain (const double *shares, guint n);
