package mockserver

import (
	"slices"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// Manifest says what an agent takes and gives. In a seed and in a request absent parts take the documented defaults (client 0.4.1).
type Manifest struct {
	// Input is what the agent takes.
	Input ManifestInput `json:"input"`
	// Output is what the agent gives.
	Output ManifestOutput `json:"output"`
	// SupportsSessions tells whether the agent can be talked to over the WebSocket.
	SupportsSessions bool `json:"supports_sessions"`
	// SessionPricePerMessage is in USD; where it is null a turn costs the agent's service_price.
	SessionPricePerMessage *money.Amount `json:"session_price_per_message"`
	// SessionMinimumMessages is how many messages a session holds credits for when it opens; 5 by default.
	SessionMinimumMessages int64 `json:"session_minimum_messages"`
	// SessionMaxDurationMinutes is how long a session lives, in minutes; 240 by default.
	SessionMaxDurationMinutes int64 `json:"session_max_duration_minutes"`
	// ChatResponsePath is kept and returned; what it means is not documented.
	ChatResponsePath *string `json:"chat_response_path"`
}

// ManifestInput is what an agent takes.
type ManifestInput struct {
	// Type is text by default; multipart and json are seen in AUTX's example agents.
	Type string `json:"type"`
	// AcceptsFiles tells whether orders may carry files.
	AcceptsFiles bool `json:"accepts_files"`
	// FileTypes are the extensions or media types an order's files may have; none means any.
	FileTypes []string `json:"file_types"`
	// MaxSizeBytes bounds each file; 10485760 by default.
	MaxSizeBytes int64 `json:"max_size_bytes"`
}

// ManifestOutput is what an agent gives.
type ManifestOutput struct {
	// Type is json by default.
	Type string `json:"type"`
	// ProducesFiles tells whether the answer may be a file.
	ProducesFiles bool `json:"produces_files"`
	// ContentTypes are the media types of the answer; application/json by default.
	ContentTypes []string `json:"content_types"`
	// MaxSizeBytes bounds the answer; 52428800 by default.
	MaxSizeBytes int64 `json:"max_size_bytes"`
}

// Profile is the text of an agent's listing (client 0.4.1).
type Profile struct {
	// Tagline is one line that sells the agent.
	Tagline *string `json:"tagline"`
	// Capabilities is what it can do.
	Capabilities []string `json:"capabilities"`
	// UseCases is what it is good for.
	UseCases []string `json:"use_cases"`
	// OutputDescription says what comes back.
	OutputDescription *string `json:"output_description"`
	// BestFor says whom it suits.
	BestFor *string `json:"best_for"`
	// Limitations says what it cannot do.
	Limitations *string `json:"limitations"`
}

// withDefaults fills what is absent; a zero is no valid value of the fields that have another default.
func (m Manifest) withDefaults() Manifest {
	m.Input.Type = firstOf(m.Input.Type, "text")
	m.Input.MaxSizeBytes = firstOf(m.Input.MaxSizeBytes, 10_485_760)
	m.Output.Type = firstOf(m.Output.Type, "json")
	m.Output.MaxSizeBytes = firstOf(m.Output.MaxSizeBytes, 52_428_800)
	m.SessionMinimumMessages = firstOf(m.SessionMinimumMessages, 5)
	m.SessionMaxDurationMinutes = firstOf(m.SessionMaxDurationMinutes, 240)
	if m.Input.FileTypes == nil {
		m.Input.FileTypes = []string{}
	}
	if m.Output.ContentTypes == nil {
		m.Output.ContentTypes = []string{typeJSON}
	}
	m.Input.FileTypes, m.Output.ContentTypes = slices.Clone(m.Input.FileTypes), slices.Clone(m.Output.ContentTypes)
	return m
}

func (p Profile) withDefaults() Profile {
	if p.Capabilities == nil {
		p.Capabilities = []string{}
	}
	if p.UseCases == nil {
		p.UseCases = []string{}
	}
	p.Capabilities, p.UseCases = slices.Clone(p.Capabilities), slices.Clone(p.UseCases)
	return p
}

func firstOf[T comparable](values ...T) T {
	var zero T
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}

// readManifest reads a manifest from a request. Unknown parts are ignored, wrong types become problems.
func readManifest(o object) *Manifest {
	m := Manifest{}
	if in, ok := o.object("input"); ok {
		m.Input.Type, _ = in.text("type", notEmpty)
		m.Input.AcceptsFiles = in.boolean("accepts_files")
		m.Input.FileTypes = in.texts("file_types")
		m.Input.MaxSizeBytes = in.positive("max_size_bytes")
	}
	if out, ok := o.object("output"); ok {
		m.Output.Type, _ = out.text("type", notEmpty)
		m.Output.ProducesFiles = out.boolean("produces_files")
		m.Output.ContentTypes = out.texts("content_types")
		m.Output.MaxSizeBytes = out.positive("max_size_bytes")
	}
	m.SupportsSessions = o.boolean("supports_sessions")
	if price, ok := o.amount("session_price_per_message", isPrice); ok {
		m.SessionPricePerMessage = &price
	}
	m.SessionMinimumMessages = o.positive("session_minimum_messages")
	m.SessionMaxDurationMinutes = o.positive("session_max_duration_minutes")
	m.ChatResponsePath = o.optionalText("chat_response_path")
	m = m.withDefaults()
	return &m
}

// readProfile reads a profile from a request.
func readProfile(o object) *Profile {
	p := Profile{
		Tagline: o.optionalText("tagline"), OutputDescription: o.optionalText("output_description"),
		BestFor: o.optionalText("best_for"), Limitations: o.optionalText("limitations"),
	}
	p.Capabilities = o.texts("capabilities")
	p.UseCases = o.texts("use_cases")
	p = p.withDefaults()
	return &p
}
