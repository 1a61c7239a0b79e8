"""The language system over gRPC."""
