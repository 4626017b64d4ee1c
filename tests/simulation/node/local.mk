# Whole nodes under one seeded scheduler.
