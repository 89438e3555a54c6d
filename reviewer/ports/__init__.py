"""What the services need from the outside, as Protocols, each owned by its consumer and small."""
