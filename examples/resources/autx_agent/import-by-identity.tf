import {
  to = autx_agent.brief
  identity = {
    id = "4c1f0f3e-8a52-4f0e-9d0a-6f3b1f2a7c11"
  }
}
