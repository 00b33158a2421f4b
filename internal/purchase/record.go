package purchase

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// recordFormat is the version of a record's JSON. A reader refuses records of a higher version: it can't know what they protect.
const recordFormat = 1

// state is where a purchase stands; doc.go draws how they follow each other.
type state string

const (
	stateIntent    state = "intent"    // the POST is about to be sent, or was, by a process that has not reported since
	stateUnknown   state = "unknown"   // the POST was sent and its answer lost; looked up since, and not found or not decided
	stateAmbiguous state = "ambiguous" // several candidates were found
	stateKnown     state = "known"     // made; the id is the answer's, or was read in a state
	stateAdopted   state = "adopted"   // made; the id was looked up
	stateForgotten state = "forgotten" // made, and its resource destroyed or seen to be gone
)

func (s state) open() bool    { return s == stateIntent || s == stateUnknown || s == stateAmbiguous }
func (s state) settled() bool { return s == stateKnown || s == stateAdopted || s == stateForgotten }

// record is what the journal knows of one purchase. It holds no secret. Times are for people; nothing compares them.
type record struct {
	Format     int             `json:"format"`
	Kind       Kind            `json:"kind"`
	Key        string          `json:"key"`
	Title      string          `json:"title"`
	BaseURL    string          `json:"base_url"`
	Namespace  string          `json:"namespace,omitempty"`
	Owner      string          `json:"owner"`
	State      state           `json:"state"`
	ID         string          `json:"id,omitempty"`
	InState    bool            `json:"in_state"`          // a plan or a refresh has read it from a state
	Earlier    []string        `json:"earlier,omitempty"` // ids that the key named before the last purchase
	Digest     string          `json:"digest,omitempty"`
	Scope      string          `json:"scope,omitempty"`
	Authorized money.Amount    `json:"authorized_usd"`
	Snapshot   json.RawMessage `json:"snapshot,omitempty"`
	Candidates []Match         `json:"candidates,omitempty"`
	// LeftAlone are ids that are new against the snapshot of an open purchase, and of which the reader was told that they are left alone.
	LeftAlone []string `json:"left_alone,omitempty"`
	// DigestClaimed says that the digest is from a state, which knows what a configuration says of a purchase, and not from the purchase itself.
	DigestClaimed bool `json:"digest_claimed,omitempty"`
	// Confirmed says of an open purchase that the service has confirmed it: only its id is not known.
	Confirmed bool `json:"confirmed,omitempty"`
	// NotedID is the id that an open purchase of several steps has got already. What is noted is settled as known once its process has ended.
	NotedID string `json:"noted_id,omitempty"`
	// Notes are what a purchase of several steps has noted of itself.
	Notes json.RawMessage `json:"notes,omitempty"`
	// Placeholder says that the id only stands in for one that could not be told.
	Placeholder bool `json:"placeholder,omitempty"`
	// PlannedAnew says that the last plan that spoke of the key wanted to buy what is live already.
	PlannedAnew bool `json:"planned_anew,omitempty"`

	Attempts  int    `json:"attempts,omitempty"` // how many POSTs were sent under this key
	Absent    int    `json:"absent,omitempty"`   // how many of them were looked up and not found
	Instance  string `json:"mock_instance,omitempty"`
	Process   string `json:"process,omitempty"`
	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`
}

var (
	errNewerFormat = errors.New("it was written by a newer version of this provider")
	errCorrupt     = errors.New("it can't be read as a record of this provider")
)

func (r *record) encode() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode a journal record: %w", err)
	}
	return append(data, '\n'), nil
}

func decodeRecord(data []byte) (*record, error) {
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return nil, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	if version.Format > recordFormat {
		return nil, errNewerFormat
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	switch {
	case r.Format != recordFormat, r.Kind == "", r.Key == "", r.Owner == "":
		return nil, fmt.Errorf("%w: a field is missing", errCorrupt)
	case r.State.settled() && r.ID == "", !r.State.settled() && !r.State.open():
		return nil, fmt.Errorf("%w: the state %q without id %q means nothing", errCorrupt, r.State, r.ID)
	}
	return &r, nil
}

// slot names the place of a key in the journal, whoever the owner: what is locked while somebody buys under it. The key itself may hold anything,
// so the name is a hash; the record repeats the key in plain text.
func slot(baseURL, namespace string, kind Kind, key string) string {
	h := sha256.New()
	for _, part := range []string{normalBase(baseURL), namespace, string(kind), key} {
		fmt.Fprintf(h, "%d:%s,", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// normalBase spells a base URL in one way, so that neither a slash nor a capital letter makes another service of it.
func normalBase(base string) string {
	u, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil {
		return strings.TrimRight(base, "/")
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	return u.String()
}

// fingerprint tells API keys apart without giving them away: a key is too long to be guessed from it.
func fingerprint(apiKey string) string {
	mac := hmac.New(sha256.New, []byte("autx purchase journal, owner, 1"))
	mac.Write([]byte(apiKey))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}
