# Terraform's azurerm backend: a credential consumer that needs no provider. Account, container and key are said with
# -backend-config; credentials are found, never given.
terraform {
  backend "azurerm" {}
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
