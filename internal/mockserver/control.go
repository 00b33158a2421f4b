package mockserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// controlPath is the control API, beside AUTX's. Faults, rate limit and latency never apply to it, and its requests are not logged.
const controlPath = "/_mock/v1"

// controlCall is a call of the control API. Its error is a 400 unless it says otherwise.
type controlCall func(s *Server, r *http.Request) (any, error)

// statusError is an error with a status of its own.
type statusError struct {
	status int
	answer any
	error
}

// newControl is the control API.
func (s *Server) newControl() http.Handler {
	calls := map[string]map[string]controlCall{
		"/health":     {http.MethodGet: controlHealth},
		"/operations": {http.MethodGet: func(*Server, *http.Request) (any, error) { return Operations(), nil }},
		"/state":      {http.MethodGet: func(s *Server, _ *http.Request) (any, error) { return s.State(), nil }},
		"/seed":       {http.MethodPut: controlSeed},
		"/reset":      {http.MethodPost: controlReset},
		"/requests":   {http.MethodGet: controlRequests, http.MethodDelete: controlClearRequests},
		"/faults":     {http.MethodGet: controlFaults, http.MethodPost: controlAddFault, http.MethodDelete: controlClearFaults},
		"/clock":      {http.MethodGet: controlClock}, "/clock/advance": {http.MethodPost: controlAdvance},
		"/checkouts/{session_id}":          {http.MethodGet: controlCheckout},
		"/checkouts/{session_id}/complete": {http.MethodPost: controlComplete},
		"/invariants":                      {http.MethodGet: controlInvariants},
	}
	mux := http.NewServeMux()
	for path, methods := range calls {
		mux.HandleFunc(controlPath+path, func(w http.ResponseWriter, r *http.Request) {
			call, ok := methods[r.Method]
			if !ok {
				allowed := strings.Join(sortedKeys(methods), ", ")
				write(w, refuse(http.StatusMethodNotAllowed, "%s takes %s", path, allowed).with("Allow", allowed))
				return
			}
			write(w, s.control(call, r))
		})
	}
	mux.HandleFunc(http.MethodGet+" "+imagesPath+"{sha256}", s.serveImage)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { write(w, notFoundPath()) })
	return mux
}

func (s *Server) control(call controlCall, r *http.Request) *answer {
	result, err := call(s, r)
	var own *statusError
	switch {
	case errors.As(err, &own):
		return jsonAnswer(own.status, own.answer)
	case err != nil:
		return refuse(http.StatusBadRequest, "%v", err)
	}
	return jsonAnswer(http.StatusOK, result)
}

// strictly reads JSON with no unknown fields and nothing after it.
func strictly(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

func readStrictly(r *http.Request, into any) error {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	if err := strictly(data, into); err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	return nil
}

func controlHealth(s *Server, _ *http.Request) (any, error) {
	state := "memory"
	if s.store != nil {
		state = s.store.path
	}
	return map[string]string{"status": "ok", "instance": s.Instance(), "state": state}, nil
}

func controlSeed(s *Server, r *http.Request) (any, error) {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	seed, err := ParseSeed(data)
	if err != nil {
		return nil, err
	}
	if err := s.PutSeed(seed); err != nil {
		return nil, err
	}
	return map[string]string{"instance": s.Instance()}, nil
}

func controlReset(s *Server, _ *http.Request) (any, error) {
	s.Reset()
	return map[string]string{"instance": s.Instance()}, nil
}

func controlRequests(s *Server, _ *http.Request) (any, error) { return s.Requests(), nil }

func controlClearRequests(s *Server, _ *http.Request) (any, error) {
	s.ClearRequests()
	return struct{}{}, nil
}

func controlFaults(s *Server, _ *http.Request) (any, error) { return s.faults.views(), nil }

func controlAddFault(s *Server, r *http.Request) (any, error) {
	var rule Rule
	if err := readStrictly(r, &rule); err != nil {
		return nil, err
	}
	f, err := s.AddFaultRule(rule)
	if err != nil {
		return nil, err
	}
	views := s.faults.views()
	i := slices.IndexFunc(views, func(v faultView) bool { return v.ID == f.id })
	if i < 0 {
		return nil, errors.New("the rule was taken back at once")
	}
	return views[i], nil
}

func controlClearFaults(s *Server, _ *http.Request) (any, error) {
	s.faults.clear()
	return struct{}{}, nil
}

type clockView struct {
	Now  string `json:"now"`
	Mode string `json:"mode"` // real or fixed
}

func controlClock(s *Server, _ *http.Request) (any, error) {
	view := clockView{Now: *formatTime(s.Now()), Mode: "real"}
	if s.clock.stands() {
		view.Mode = "fixed"
	}
	return view, nil
}

func controlAdvance(s *Server, r *http.Request) (any, error) {
	var step struct {
		By *string `json:"by"`
	}
	if err := readStrictly(r, &step); err != nil {
		return nil, err
	}
	if step.By == nil {
		return nil, errors.New(`"by" is needed, like "1h30m"`)
	}
	by, err := time.ParseDuration(*step.By)
	if err != nil {
		return nil, fmt.Errorf("by: %w", err)
	}
	if err := s.advance(by); err != nil {
		return nil, err
	}
	return controlClock(s, r)
}

func controlCheckout(s *Server, r *http.Request) (any, error) {
	return s.checkout(r, func(*checkout) {})
}

func controlComplete(s *Server, r *http.Request) (any, error) {
	return s.checkout(r, func(c *checkout) { c.complete(s.world) })
}

func (s *Server) checkout(r *http.Request, do func(*checkout)) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	c := s.world.checkoutByID(r.PathValue("session_id"))
	if c == nil {
		return nil, &statusError{http.StatusNotFound, map[string]string{"detail": "Checkout not found"}, errors.New("checkout not found")}
	}
	do(c)
	s.saveUnlocked()
	return c.state(s.origin()), nil
}

func controlInvariants(s *Server, _ *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	sums, err := s.invariants()
	if err != nil {
		return nil, &statusError{http.StatusConflict, map[string]any{"ok": false, "detail": err.Error(), "users": sums}, err}
	}
	return map[string]any{"ok": true, "users": sums}, nil
}
