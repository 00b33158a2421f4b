# autx-mockserver run -- terraform test

variables {
  ticker = "BRIEF"
}

run "plan_names_the_fee" {
  command = plan

  assert {
    condition     = autx_agent.this.spend.authorized_usd == "20"
    error_message = "A reviewer has to see what the launch may cost."
  }
}

run "launch" {
  assert {
    condition     = autx_agent.this.status == "active"
    error_message = "The agent is not active."
  }

  assert {
    condition     = autx_agent.this.endpoint_url == "https://agents.example.com/brief"
    error_message = "The endpoint has to follow the ticker."
  }
}

# The id of an agent that was still to be launched would not be known in a plan.
run "nothing_left_to_launch" {
  command = plan

  assert {
    condition     = autx_agent.this.id != ""
    error_message = "The agent has an id."
  }
}
