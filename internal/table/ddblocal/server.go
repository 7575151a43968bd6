// Package ddblocal runs DynamoDB Local for tests, as a child process that
// listens on 127.0.0.1 only. It needs Java 17 or newer with its compiler and,
// for the first time, Maven.
package ddblocal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/child"
)

// EndpointEnv names the environment variable with the URL of a DynamoDB Local
// that is already there. It is used instead of starting one.
const EndpointEnv = "DYNAMODB_LOCAL_ENDPOINT"

const (
	sourceDir = "testdata/dynamodb-local"
	buildDir  = "build/dynamodb-local"
)

// Server is a running DynamoDB Local.
type Server struct {
	// Endpoint is its URL.
	Endpoint string

	cmd   *exec.Cmd
	stdin io.Closer
	done  chan struct{} // closed when its output has been read
}

// Start fetches DynamoDB Local if need be and starts it. It ends when ctx
// does, when it is stopped, or when this process ends, however that comes.
// It complains to stderr.
func Start(ctx context.Context, stderr io.Writer) (*Server, error) {
	root, err := child.RepositoryRoot()
	if err != nil {
		return nil, err
	}
	if err := fetch(ctx, root, stderr); err != nil {
		return nil, err
	}
	lib := filepath.Join(root, buildDir)
	cmd := exec.CommandContext(ctx, "java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData",
		"-Dsqlite4java.library.path="+lib, "-cp", filepath.Join(lib, "*"),
		filepath.Join(root, sourceDir, "Loopback.java"), "-disableTelemetry", "-inMemory", "-sharedDb")
	cmd.SysProcAttr = child.DieWithParent()
	var log strings.Builder
	cmd.Stderr = &log // SLF4J complains that it has no backend
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start DynamoDB Local: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start DynamoDB Local: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start DynamoDB Local: %w", err)
	}
	s := &Server{cmd: cmd, stdin: stdin, done: make(chan struct{})}
	port, err := s.awaitPort(stdout)
	if err != nil {
		return nil, fmt.Errorf("start DynamoDB Local: %w\n%s", errors.Join(err, s.Stop()), log.String())
	}
	s.Endpoint = "http://127.0.0.1:" + port
	return s, nil
}

// awaitPort reads the output until it says which port is served, and leaves
// the rest to a goroutine.
func (s *Server) awaitPort(stdout io.Reader) (string, error) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if port, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
			go func() {
				defer close(s.done)
				io.Copy(io.Discard, stdout) //nolint:errcheck // nobody reads it
			}()
			return port, nil
		}
	}
	close(s.done)
	if err := lines.Err(); err != nil {
		return "", fmt.Errorf("read its output: %w", err)
	}
	return "", errors.New("it ended at once")
}

// Stop ends the server and waits until it is gone.
func (s *Server) Stop() error {
	err := s.stdin.Close()
	<-s.done
	werr := s.cmd.Wait()
	if _, ended := errors.AsType[*exec.ExitError](werr); ended {
		werr = nil
	}
	return errors.Join(err, werr)
}

// fetch puts the jars into the build directory. Several processes may do so at
// once; the first that is done wins.
func fetch(ctx context.Context, root string, stderr io.Writer) error {
	dir := filepath.Join(root, buildDir)
	if jars, err := filepath.Glob(filepath.Join(dir, "DynamoDBLocal-*.jar")); err == nil && len(jars) > 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return fmt.Errorf("fetch DynamoDB Local: %w", err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "dynamodb-local-*")
	if err != nil {
		return fmt.Errorf("fetch DynamoDB Local: %w", err)
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // renamed, or of no use
	cmd := exec.CommandContext(ctx, "mvn", "--quiet", "--batch-mode", "-f", filepath.Join(root, sourceDir, "pom.xml"),
		"dependency:copy-dependencies", "-DoutputDirectory="+tmp)
	cmd.Stdout, cmd.Stderr = stderr, stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("fetch DynamoDB Local: %w", err)
	}
	if err := os.Rename(tmp, dir); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("fetch DynamoDB Local: %w", err)
	}
	return nil
}
