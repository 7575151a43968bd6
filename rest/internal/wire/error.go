package wire

// Error is why a request is refused, in MLflow's words: its parameters are
// wrong.
type Error string

func (e Error) Error() string { return string(e) }
