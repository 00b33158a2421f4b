# The id may be the agent's ticker or its UUID.
import {
  to = autx_agent.brief
  id = "BRIEF"
}
