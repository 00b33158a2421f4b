package agent_test

// Pictures that are just enough for their type to be recognised; the text makes them differ.

func png(text string) []byte { return []byte("\x89PNG\x0D\x0A\x1A\x0A" + text) }

func jpeg(text string) []byte { return []byte("\xFF\xD8\xFF\xE0" + text) }

func webp(text string) []byte { return []byte("RIFF\x10\x00\x00\x00WEBPVP8 " + text) }
