"""What `cdk bootstrap` leaves to be done once an account and region."""
