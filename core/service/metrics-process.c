/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Figures of the process, under the names that everybody's dashboards know. Main thread.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/service/metrics.h"

/* Fields of /proc/self/statm, in pages. */
static gboolean
read_memory (double *virtual, double *resident)
{
  g_autofree char *text = NULL;
  double page = (double)sysconf (_SC_PAGESIZE);
  char *end;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    return FALSE;
  *virtual = (double)g_ascii_strtoull (text, &end, 10) * page;
  *resident = (double)g_ascii_strtoull (end, NULL, 10) * page;
  return TRUE;
}

static guint
count_files (void)
{
  GDir *dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint count = 0;

  if (dir == NULL)
    return 0;
  while (g_dir_read_name (dir) != NULL)
    count++;
  g_dir_close (dir);
  return count - 1; /* the folder itself */
}

static double
seconds_of (const struct timeval *time)
{
  return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

void
uc_process_metrics (UcCore *core, UcMetrics *metrics)
{
  struct rusage usage;
  struct rlimit files;
  double virtual, resident;

  if (getrusage (RUSAGE_SELF, &usage) == 0)
    uc_metrics_counter (metrics, "process_cpu_seconds_total", "CPU time of all threads.", NULL,
                        seconds_of (&usage.ru_utime) + seconds_of (&usage.ru_stime));
  uc_metrics_gauge (metrics, "process_start_time_seconds", "When the process began.", NULL,
                    (double)core->started_at / 1000);
  if (read_memory (&virtual, &resident))
    {
      uc_metrics_gauge (metrics, "process_resident_memory_bytes", "Memory in use.", NULL, resident);
      uc_metrics_gauge (metrics, "process_virtual_memory_bytes", "Address space in use.", NULL, virtual);
    }
  uc_metrics_gauge (metrics, "process_open_fds", "Open files and sockets.", NULL, count_files ());
  if (getrlimit (RLIMIT_NOFILE, &files) == 0)
    uc_metrics_gauge (metrics, "process_max_fds", "How many there may be.", NULL, (double)files.rlim_cur);
}
