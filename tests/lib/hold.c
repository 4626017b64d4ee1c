/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plays a service manager with socket activation for tests: opens a listening socket, says "port N", and keeps it
 * while the program that serves it comes and goes. Each line "start" on standard input starts the program (its
 * arguments) with the socket as descriptor 3 under the name of the first argument; "pid N" and, at its end, "exit
 * CODE" or "signal N" are the answers. Ends, with what still runs, when standard input ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define GIVEN_FD 3
#define BACKLOG 1024

static void
die (const char *what)
{
  fprintf (stderr, "hold: %s: %s\n", what, strerror (errno));
  exit (EXIT_FAILURE);
}

static int
open_socket (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t len = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd < 0 || bind (fd, (struct sockaddr *)&address, len) < 0 || listen (fd, BACKLOG) < 0
      || getsockname (fd, (struct sockaddr *)&address, &len) < 0)
    die ("can't listen");
  printf ("port %d\n", ntohs (address.sin_port));
  return fd;
}

static void
become (int fd, char **argv)
{
  char pid[32];

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  snprintf (pid, sizeof pid, "%d", (int)getpid ());
  setenv ("LISTEN_PID", pid, 1);
  setenv ("LISTEN_FDS", "1", 1);
  setenv ("LISTEN_FDNAMES", argv[0], 1);
  if (fd == GIVEN_FD ? fcntl (fd, F_SETFD, 0) < 0 : dup2 (fd, GIVEN_FD) < 0)
    die ("can't hand the socket over");
  execv (argv[1], argv + 1);
  die (argv[1]);
}

static void
run (int fd, char **argv)
{
  pid_t pid = fork ();
  int status;

  if (pid < 0)
    die ("fork");
  if (pid == 0)
    become (fd, argv);
  printf ("pid %d\n", (int)pid);
  while (waitpid (pid, &status, 0) < 0)
    if (errno != EINTR)
      die ("waitpid");
  if (WIFEXITED (status))
    printf ("exit %d\n", WEXITSTATUS (status));
  else
    printf ("signal %d\n", WTERMSIG (status));
}

int
main (int argc, char **argv)
{
  char line[64];
  int fd;

  if (argc < 3)
    {
      fprintf (stderr, "usage: hold NAME PROGRAM [ARGUMENT...]\n");
      return 2;
    }
  setvbuf (stdout, NULL, _IOLBF, 0);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  fd = open_socket ();
  while (fgets (line, sizeof line, stdin) != NULL)
    if (strcmp (line, "start\n") == 0)
      run (fd, argv + 1);
  return EXIT_SUCCESS;
}
