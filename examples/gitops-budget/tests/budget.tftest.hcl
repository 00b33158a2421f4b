# autx-mockserver run -- terraform test
#
# The mock server starts with $100 and the agents SUMM ($0.50) and DOCREAD ($1.00).

run "plan_within_the_budget" {
  command = plan

  assert {
    condition     = output.authorized_usd == "2.10"
    error_message = "The budget files authorise $2.10 together."
  }

  assert {
    condition     = output.teams["research"].authorized_usd == "1.60" && output.teams["support"].authorized_usd == "0.50"
    error_message = "Each team's share has to be shown."
  }
}

run "plan_over_a_cap" {
  command = plan

  variables {
    budgets = "tests/fixtures/over-cap"
  }

  expect_failures = [output.teams, check.teams_within_cap]
}

run "plan_over_the_total" {
  command = plan

  variables {
    max_total = "2.099999"
  }

  expect_failures = [output.authorized_usd]
}

run "plan_with_a_balance_that_does_not_cover_it" {
  command = plan

  variables {
    keep_balance = "97.91"
    read_only    = false # The provider would fail the plan as well.
  }

  expect_failures = [check.balance_covers_an_apply]
}

run "apply_buys" {
  variables {
    read_only = false
  }

  assert {
    condition     = alltrue([for team in output.answers : alltrue([for answer in team : answer != null])])
    error_message = "Each order has an answer."
  }

  assert {
    condition     = data.autx_credit_balance.now.available_usd == "100"
    error_message = "Nothing was bought before."
  }
}

run "apply_again_buys_nothing" {
  variables {
    read_only = false
  }

  assert {
    condition     = data.autx_credit_balance.now.available_usd == "98"
    error_message = "The first apply cost $2.00."
  }
}

# Read after the second apply.
run "nothing_was_charged" {
  command = plan

  assert {
    condition     = data.autx_credit_balance.now.available_usd == "98"
    error_message = "The second apply charged something."
  }
}
