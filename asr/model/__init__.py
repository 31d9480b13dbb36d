"""The modules that make up the exported graph, features included."""
