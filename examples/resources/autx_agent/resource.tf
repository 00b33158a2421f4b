resource "autx_agent" "brief" {
  name          = "Brief"
  ticker        = "BRIEF"
  endpoint_url  = "https://agents.example.com/brief"
  service_price = "0.50" # US dollars a request
  description   = "Summarises long documents in five sentences."
  category      = "text"

  manifest = {
    input = {
      type           = "multipart"
      accepts_files  = true
      file_types     = ["pdf", "txt"]
      max_size_bytes = 5242880
    }
    output = {
      type          = "text"
      content_types = ["text/plain"]
    }
    supports_sessions         = true
    session_price_per_message = "0.05"
  }

  profile = {
    tagline      = "Long documents, short answers"
    capabilities = ["summaries", "key figures"]
    use_cases    = ["contracts", "annual reports"]
    best_for     = "People who have to read too much"
    limitations  = "No scanned documents"
  }
}
