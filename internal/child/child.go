// Package child has what programs need that tests run as child processes.
package child

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// RepositoryRoot finds the directory with go.mod, from the working directory
// upwards.
func RepositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find the repository: no go.mod above the working directory")
		}
		dir = parent
	}
}
