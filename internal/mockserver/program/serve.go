package program

import (
	"fmt"
	"io"
	"os"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/mockserver/atomicfile"
)

// serve announces the server and keeps it until a signal comes.
func serve(s *mockserver.Server, readyFile string, std Streams, signals <-chan os.Signal) int {
	status := statusGood
	if err := announce(s, readyFile, std.Out); err != nil {
		complain(std, err)
		status = statusFailed
	} else {
		<-signals
	}
	if err := s.Close(); err != nil {
		complain(std, err)
		status = statusFailed
	}
	return status
}

// announce writes the ready file, if one is wanted, and then prints the same lines.
func announce(s *mockserver.Server, readyFile string, out io.Writer) error {
	if err := writeReady(s, readyFile); err != nil {
		return err
	}
	if _, err := io.WriteString(out, announcement(s)); err != nil {
		return fmt.Errorf("announce the server: %w", err)
	}
	return nil
}

func writeReady(s *mockserver.Server, readyFile string) error {
	if readyFile == "" {
		return nil
	}
	if err := atomicfile.Write(readyFile, []byte(announcement(s))); err != nil {
		return fmt.Errorf("write the ready file: %w", err)
	}
	return nil
}
