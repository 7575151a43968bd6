package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// openUI opens a directory with the files of MLflow's web UI. Nothing outside
// of it can be reached, by links either.
func openUI(dir string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("--ui-dir: %w", err)
	}
	info, err := root.Stat("index.html")
	if err == nil && info.Mode().IsRegular() {
		return root, nil
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("--ui-dir: %s is no web UI, as it has no index.html; `make ui` makes build/ui", dir)
	}
	return nil, errors.Join(err, root.Close())
}
