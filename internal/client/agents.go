package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
)

// AgentsService calls what concerns agents. Paths and their trailing slashes are those of client 0.4.1; errors are *Error.
type AgentsService struct{ client *Client }

// List gives one page of public agents, in the service's order.
func (s *AgentsService) List(ctx context.Context, filter AgentFilter) ([]Agent, error) {
	query := url.Values{}
	for name, value := range map[string]string{
		"sort": filter.Sort, "category": filter.Category, "search": filter.Search, "status": filter.Status,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, value := range map[string]int{"limit": filter.Limit, "offset": filter.Offset} {
		if value != 0 {
			query.Set(name, strconv.Itoa(value))
		}
	}
	return fetch[list[Agent]](ctx, s.client, request{method: http.MethodGet, path: "/agents/", query: query})
}

// Mine gives all agents of the API key's owner, reservations and paused ones included.
func (s *AgentsService) Mine(ctx context.Context) ([]Agent, error) {
	return fetch[list[Agent]](ctx, s.client, request{method: http.MethodGet, path: "/agents/mine"})
}

// Get gives the agent with an id. IsNotFound tells that there is none.
func (s *AgentsService) Get(ctx context.Context, id string) (*Agent, error) {
	return s.one(ctx, request{method: http.MethodGet}, "/agents/%s", id)
}

// GetByTicker gives the agent with a ticker, in upper or lower case (assumed). IsNotFound tells that there is none.
func (s *AgentsService) GetByTicker(ctx context.Context, ticker string) (*Agent, error) {
	return s.one(ctx, request{method: http.MethodGet}, "/agents/ticker/%s", ticker)
}

// CheckTicker tells whether a ticker is free.
func (s *AgentsService) CheckTicker(ctx context.Context, ticker string) (bool, error) {
	return s.available(ctx, "/agents/check-ticker/%s", ticker)
}

// CheckName tells whether a name is free.
func (s *AgentsService) CheckName(ctx context.Context, name string) (bool, error) {
	return s.available(ctx, "/agents/check-name/%s", name)
}

// Create launches an agent, which may cost the launch fee. The request reaches the service once at most: when MayHaveBeenCarriedOut is true of the
// error, look the ticker up before anything else.
func (s *AgentsService) Create(ctx context.Context, create AgentCreate) (*Agent, error) {
	return s.launch(ctx, "/agents/", create)
}

// Reserve takes a ticker and a name for an agent to be deployed on-chain, and debits the launch fee at once. The request reaches the service once at
// most, as with Create. TxHash and DeployerAddress are not sent.
func (s *AgentsService) Reserve(ctx context.Context, create AgentCreate) (*Agent, error) {
	create.TxHash, create.DeployerAddress = Field[string]{}, Field[string]{}
	return s.launch(ctx, "/agents/reserve/", create)
}

// Activate turns a reservation into an active agent, once it is deployed on-chain. The request reaches the service once at most.
func (s *AgentsService) Activate(ctx context.Context, id, txHash, deployer string) (*Agent, error) {
	body := struct {
		TxHash          string `json:"tx_hash"`
		DeployerAddress string `json:"deployer_address"`
	}{txHash, deployer}
	return s.write(ctx, request{method: http.MethodPost, once: true}, body, "/agents/%s/activate/", id)
}

// CancelReservation gives a reserved ticker and name back, and the launch fee.
func (s *AgentsService) CancelReservation(ctx context.Context, id string) error {
	return s.remove(ctx, "/agents/%s/reservation/", id)
}

// Update changes the patch's reported fields. A patch without any is refused before it is sent, as client 0.4.1 does.
func (s *AgentsService) Update(ctx context.Context, id string, patch AgentPatch) (*Agent, error) {
	return s.write(ctx, request{method: http.MethodPatch}, patch, "/agents/%s", id)
}

// SetProviderKey stores or replaces an agent's provider key.
func (s *AgentsService) SetProviderKey(ctx context.Context, id string, key ProviderKey) (*Agent, error) {
	return s.write(ctx, request{method: http.MethodPut, secrets: secretsOf(key.APIKey)}, key, "/agents/%s/provider-key", id)
}

// UploadImage stores or replaces an agent's picture.
func (s *AgentsService) UploadImage(ctx context.Context, id string, image Image) (*Agent, error) {
	req, err := request{method: http.MethodPost}.withFiles(filePart{
		field: "file", name: image.FileName, contentType: image.ContentType, content: image.Content,
	})
	if err != nil {
		return nil, notSent(req, err)
	}
	return s.one(ctx, req, "/agents/%s/image", id)
}

// DeleteImage removes an agent's picture.
func (s *AgentsService) DeleteImage(ctx context.Context, id string) error {
	return s.remove(ctx, "/agents/%s/image", id)
}

// Delete removes an agent from the marketplace. The launch fee is not given back (client 0.4.1).
func (s *AgentsService) Delete(ctx context.Context, id string) error {
	return s.remove(ctx, "/agents/%s", id)
}

func (s *AgentsService) launch(ctx context.Context, path string, create AgentCreate) (*Agent, error) {
	req := request{method: http.MethodPost, once: true, secrets: secretsOf(create.ProviderAPIKey.Or(""))}
	return s.write(ctx, req, create, path)
}

// write sends a JSON body and reads the agent that comes back.
func (s *AgentsService) write(ctx context.Context, req request, body any, path string, values ...string) (*Agent, error) {
	req, err := req.withJSON(body)
	if err == nil && string(req.body) == "{}" {
		err = errors.New("nothing to change")
	}
	if err != nil {
		req.path = path
		return nil, notSent(req, err)
	}
	return s.one(ctx, req, path, values...)
}

// one sends a request that is answered with an agent.
func (s *AgentsService) one(ctx context.Context, req request, path string, values ...string) (*Agent, error) {
	var err error
	if req.path, err = pathOf(path, values...); err != nil {
		return nil, notSent(req, err)
	}
	agent, err := fetch[Agent](ctx, s.client, req)
	if err != nil {
		return nil, err
	}
	return &agent, nil
}

func (s *AgentsService) available(ctx context.Context, path, value string) (bool, error) {
	req := request{method: http.MethodGet}
	var err error
	if req.path, err = pathOf(path, value); err != nil {
		return false, notSent(req, err)
	}
	check, err := fetch[availability](ctx, s.client, req)
	return check.available, err
}

func (s *AgentsService) remove(ctx context.Context, path, id string) error {
	req := request{method: http.MethodDelete, anyBody: true, goneIsDone: true}
	var err error
	if req.path, err = pathOf(path, id); err != nil {
		return notSent(req, err)
	}
	_, err = s.client.do(ctx, req)
	return err
}
