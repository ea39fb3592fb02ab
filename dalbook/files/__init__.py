"""What any room needs of a disk: caches, locks, durable writes, and the JavaScript bundler."""
