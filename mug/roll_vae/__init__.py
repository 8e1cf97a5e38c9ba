"""The variational autoencoder of piano rolls."""
