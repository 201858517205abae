# Terraform's S3 backend: a credential consumer that needs no provider. Where the bucket is, and how to
# reach a server that is not AWS, is said with -backend-config; credentials are found, never given.
terraform {
  backend "s3" {
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    skip_s3_checksum            = true
  }
}

variable "say" {
  type = string
}

resource "terraform_data" "proof" {
  input = var.say
}

output "said" {
  value = terraform_data.proof.output
}
