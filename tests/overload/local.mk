# More than the daemon can take, and clients that do not read.
