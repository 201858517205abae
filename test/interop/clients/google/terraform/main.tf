# Terraform's Cloud Storage backend: a credential consumer that needs no provider. Bucket and prefix are said with
# -backend-config; credentials are found, never given.
terraform {
  backend "gcs" {}
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
