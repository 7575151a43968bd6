package access

import "errors"

// ErrDenied is what a refusal is: errors.Is tells it from failures. The server
// answers 403 and no more than "Permission denied".
var ErrDenied = errors.New("permission denied")

// DeniedError is an [ErrDenied] with what was missing, for audit and never for
// clients.
type DeniedError struct {
	User      string
	Workspace string
	// Requirement is the first that was not met. It is zero if there was none to
	// meet.
	Requirement Requirement
	Decision    Decision
}

func (e *DeniedError) Error() string {
	return "permission denied: " + e.Requirement.String() + ": " + e.Decision.String()
}

// Unwrap makes it an [ErrDenied].
func (e *DeniedError) Unwrap() error { return ErrDenied }
