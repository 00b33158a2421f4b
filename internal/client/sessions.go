package client

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
)

// SessionsService calls what concerns chat sessions. Paths and their missing trailing slashes are those of client 0.4.1; errors are *Error. Open
// begins a session; it has a file of its own.
type SessionsService struct{ client *Client }

// List gives the sessions of the key's owner, in the service's order.
func (s *SessionsService) List(ctx context.Context, filter SessionFilter) ([]Session, error) {
	req := request{method: http.MethodGet, path: "/sessions"}
	if filter.Status != "" {
		req.query = url.Values{"status": {filter.Status}}
	}
	return fetch[list[Session]](ctx, s.client, req)
}

// Get gives the state of a session. IsNotFound tells that the key's owner has no such session.
func (s *SessionsService) Get(ctx context.Context, id string) (*Session, error) {
	path, err := pathOf("/sessions/%s", id)
	req := request{method: http.MethodGet, path: path}
	if err != nil {
		return nil, notSent(req, err)
	}
	session, err := fetch[Session](ctx, s.client, req)
	if err != nil {
		return nil, err
	}
	return &session, nil
}

// Close ends a session from outside; a turn that is not complete yet is refunded (SDK reference). Closing one that has ended changes nothing
// (assumed). Any successful answer means that it is done: of one that shows no session only the id is filled in.
func (s *SessionsService) Close(ctx context.Context, id string) (*Session, error) {
	path, err := pathOf("/sessions/%s", id)
	req := request{method: http.MethodDelete, path: path, anyBody: true, goneIsDone: true}
	if err != nil {
		return nil, notSent(req, err)
	}
	ans, err := s.client.do(ctx, req)
	if err != nil {
		return nil, err
	}
	session := Session{}
	if ans.status != http.StatusNotFound {
		if shown, err := readSession(ans.body); err == nil {
			session = shown
		}
	}
	session.ID = cmp.Or(session.ID, id)
	return &session, nil
}
