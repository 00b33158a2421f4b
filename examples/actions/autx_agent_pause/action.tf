# terraform apply -invoke=action.autx_agent_pause.maintenance
action "autx_agent_pause" "maintenance" {
  config {
    agent = "SUMM"
  }
}
