"""The corpus on disk: what is read, added, validated, split, migrated and restored. `store` alone knows the paths."""
