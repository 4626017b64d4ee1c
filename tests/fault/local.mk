# The daemon and the store while disk, memory and power fail, and while they are killed.
