"""Orders: takes orders and answers for them."""
