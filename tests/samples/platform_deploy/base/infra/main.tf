terraform {
  required_version = "~> 1.9"
}

resource "aws_s3_bucket" "models" {
  bucket = "scoring-models"
}

resource "aws_s3_bucket_versioning" "models" {
  bucket = aws_s3_bucket.models.id
  versioning_configuration {
    status = "Enabled"
  }
}
