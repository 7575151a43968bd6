// Package s3local runs an S3 server for tests, as a child process that listens
// on 127.0.0.1 only: the Versity S3 Gateway over a directory. It checks
// signatures, those of URLs too, and has multipart uploads. It needs Go, which
// builds the server the first time.
package s3local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/child"
)

// What clients are configured with.
const (
	Region    = "us-east-1"
	AccessKey = "local-access-key"
	SecretKey = "local-secret-key"
	// Bucket is there from the start.
	Bucket = "artifacts"
)

const (
	gateway  = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
	program  = "bin/versitygw-v1.8.0"
	attempts = 5
	poll     = 5 * time.Millisecond
)

// Server is a running S3 server.
type Server struct {
	// Endpoint is its URL.
	Endpoint string

	dir  string
	stop context.CancelFunc
	done chan error // gets how the process ended
}

// Start builds the server if need be and starts it. It ends when ctx does,
// when it is stopped, or, on Linux, when this process ends, however that comes.
// The build complains to stderr.
func Start(ctx context.Context, stderr io.Writer) (*Server, error) {
	binary, err := Build(ctx, stderr)
	if err != nil {
		return nil, fmt.Errorf("build the S3 server: %w", err)
	}
	for i := 1; ; i++ {
		s, err := start(ctx, binary)
		if err == nil {
			return s, nil
		}
		if i == attempts || ctx.Err() != nil {
			return nil, fmt.Errorf("start the S3 server: %w", err)
		}
	}
}

// start starts the server on a port that was free a moment ago; another program
// may still be faster.
func start(ctx context.Context, binary string) (*Server, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "s3local-*")
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what could not be made
	}
	data, metadata := filepath.Join(dir, "data"), filepath.Join(dir, "metadata")
	err = errors.Join(os.MkdirAll(filepath.Join(data, Bucket), 0o750), os.Mkdir(metadata, 0o750))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	ctx, stop := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, binary, //nolint:gosec // it is what Build returned
		"--port", address, "--quiet", "--keep-alive", "posix", "--sidecar", metadata, data)
	cmd.Env = []string{"ROOT_ACCESS_KEY=" + AccessKey, "ROOT_SECRET_KEY=" + SecretKey}
	cmd.SysProcAttr = child.DieWithParent()
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		stop()
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s := &Server{Endpoint: "http://" + address, dir: dir, stop: stop, done: make(chan error, 1)}
	go func() { s.done <- cmd.Wait() }()
	if err := s.awaitPort(ctx, address); err != nil {
		return nil, fmt.Errorf("%w\n%s", errors.Join(err, s.Stop()), log.String())
	}
	return s, nil
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err //nolint:wrapcheck // it says what failed
	}
	return l.Addr().String(), l.Close()
}

// awaitPort waits until somebody listens or the process has ended.
func (s *Server) awaitPort(ctx context.Context, address string) error {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close() //nolint:wrapcheck // it says what failed
		}
		select {
		case err := <-s.done:
			s.done <- err
			return errors.New("it ended at once")
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// Stop ends the server, waits until it is gone and removes what it has stored.
func (s *Server) Stop() error {
	s.stop()
	err := <-s.done
	if _, ended := errors.AsType[*exec.ExitError](err); ended || errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// Build puts the program into the directory of binaries, if it is not there, and
// returns its path. Several processes may do so at once; the last that is done
// wins.
func Build(ctx context.Context, stderr io.Writer) (string, error) {
	root, err := child.RepositoryRoot()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(root, program)
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	if err := os.MkdirAll(filepath.Dir(binary), 0o750); err != nil {
		return "", err //nolint:wrapcheck // it says what could not be made
	}
	tmp, err := os.MkdirTemp(filepath.Dir(binary), "versitygw-*")
	if err != nil {
		return "", err //nolint:wrapcheck // it says what could not be made
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // its file was renamed, or is of no use
	cmd := exec.CommandContext(ctx, "go", "install", gateway)
	cmd.Env = append(os.Environ(), "GOBIN="+tmp, "GOFLAGS=")
	cmd.Stdout, cmd.Stderr = stderr, stderr
	if err := cmd.Run(); err != nil {
		return "", err //nolint:wrapcheck // Start says what failed
	}
	return binary, os.Rename(filepath.Join(tmp, "versitygw"), binary) //nolint:wrapcheck // it says what failed
}
