import {
  to = autx_session.triage
  id = "ses_4f0e9d0a6f3b1f2a"
}
