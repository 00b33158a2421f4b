package mockserver

import "net/http"

func (s *Server) serveSocket(w http.ResponseWriter, x *exchange) { write(w, notFoundPath()) }
