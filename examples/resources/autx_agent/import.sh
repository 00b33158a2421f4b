# By ticker.
terraform import autx_agent.brief BRIEF

# By id.
terraform import autx_agent.brief 4c1f0f3e-8a52-4f0e-9d0a-6f3b1f2a7c11
