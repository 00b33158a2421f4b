package session_test

import (
	"net/http"
)

func notFound(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, `{"detail": "no such page"}`, http.StatusNotFound)
}
