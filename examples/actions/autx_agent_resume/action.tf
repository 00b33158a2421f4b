# terraform apply -invoke=action.autx_agent_resume.maintenance_is_over
action "autx_agent_resume" "maintenance_is_over" {
  config {
    agent = "SUMM"
  }
}
