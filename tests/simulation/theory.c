/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Exact values by the birth-death chain. See theory.h.
 */
#include "tests/simulation/theory.h"

#include <math.h>

/* Student's t with 39 degrees of freedom, 99.95 %. */
#define T_39 3.5581

/* The chain of the number of customers in the system: up at lambda, down at min (n, s) + max (n - s, 0) theta. Its
 * weights relative to that of state s, each from its neighbour: they neither overflow nor cancel. */
QueueMeasures
theory_exact (const QueueModel *model)
{
  double below = 0, above = 0, queued = 0, weight = 1;
  QueueMeasures measures = { 0 };

  for (guint n = model->s; n > 0; n--)
    below += weight *= n / model->lambda;
  weight = 1;
  for (guint n = model->s; weight > 1e-18 * (below + above) || n < model->s + 10; n++)
    {
      above += weight;
      queued += weight * (n - model->s);
      weight *= model->lambda / (model->s + (n + 1 - model->s) * model->theta);
    }
  measures.waits = above / (below + above);
  measures.in_queue = queued / (below + above);
  measures.wait = measures.in_queue / model->lambda;
  measures.abandons = model->theta * measures.in_queue / model->lambda;
  measures.in_time = 1 - measures.waits * exp (-(model->s - model->lambda) * model->within);
  return measures;
}

Estimate
theory_estimate (const double batches[N_BATCHES])
{
  Estimate estimate = { 0 };
  double squares = 0;

  for (guint b = 0; b < N_BATCHES; b++)
    estimate.mean += batches[b] / N_BATCHES;
  for (guint b = 0; b < N_BATCHES; b++)
    squares += (batches[b] - estimate.mean) * (batches[b] - estimate.mean);
  estimate.half_width = T_39 * sqrt (squares / (N_BATCHES - 1) / N_BATCHES);
  return estimate;
}

double
theory_jain (const double *shares, guint n)
{
  double sum = 0, squares = 0;

  for (guint i = 0; i < n; i++)
    {
      sum += shares[i];
      squares += shares[i] * shares[i];
    }
  return sum * sum / (n * squares);
}
