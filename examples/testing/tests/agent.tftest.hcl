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

# The same ticker again is nothing new.
run "nothing_to_do" {
  assert {
    condition     = autx_agent.this.id == run.launch.id
    error_message = "A second apply launched a second agent."
  }
}
