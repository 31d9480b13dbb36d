"""Training: batches, augmentation, checkpoints, the loop."""
