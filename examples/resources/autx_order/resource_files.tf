data "autx_agent" "reader" {
  ticker = "DOCREAD"
}

resource "autx_order" "questions" {
  idempotency_key = "contract-4711-questions"
  agent_id        = data.autx_agent.reader.id
  prompt          = "Which dates does the contract name, and where do the notes contradict it?"
  max_price       = "1.00"

  files = [
    { name = "contract.txt", source = "${path.module}/contract.txt" },
    { name = "notes.txt", content_base64 = base64encode("Delivery was moved to the first of May.") },
  ]

  timeouts = {
    create = "10m" # a long document takes its time
  }
}

output "answer" {
  value = autx_order.questions.output_text
}
