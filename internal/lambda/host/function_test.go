package host

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The test's own program is the function: what it does is in the payload.
func TestMain(m *testing.M) {
	if api := os.Getenv("AWS_LAMBDA_RUNTIME_API"); api != "" {
		(&function{api: "http://" + api + "/2018-06-01/runtime/"}).run(os.Getenv("FUNCTION"))
		return
	}
	if os.Getenv("HOST") == "hangs" {
		hostThatHangs()
	}
	os.Exit(m.Run())
}

// hostThatHangs plays a program with a Host, to be killed: it prints the id of
// a process, which hangs then.
func hostThatHangs() {
	program, _ := os.Executable()
	h, _ := New(Options{Command: []string{program}, Timeout: time.Minute})
	pid, _ := h.Invoke(context.Background(), []byte("pid"))
	fmt.Printf("%s\n", pid)
	h.Invoke(context.Background(), []byte("hang"))
}

// A function speaks the Runtime API by hand, so that it can speak it wrongly.
type function struct{ api, id string }

func (f *function) run(start string) {
	switch start {
	case "exits":
		os.Exit(3)
	case "hangs":
		select {}
	case "init error":
		f.post("init/error", `{"errorType":"Bad.Config","errorMessage":"no such region"}`)
		os.Exit(1)
	case "init error, then nothing":
		f.post("init/error", `{"errorType":"Bad.Config","errorMessage":"no such region"}`)
		select {}
	}
	for {
		answer, err := http.Get(f.api + "invocation/next")
		if err != nil {
			os.Exit(0)
		}
		payload, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		f.id = answer.Header.Get(headerRequestID)
		f.invoked(string(payload), answer.Header)
	}
}

func (f *function) invoked(payload string, header http.Header) {
	command, argument, _ := strings.Cut(payload, " ")
	switch command {
	case "echo":
		f.respond(argument)
	case "pid":
		f.respond(strconv.Itoa(os.Getpid()))
	case "headers":
		f.respond(strings.Join([]string{header.Get(headerDeadline), header.Get(headerTrace), header.Get(headerARN), f.id, os.Getenv("AWS_LAMBDA_FUNCTION_NAME")}, " "))
	case "wait":
		// It waits until as many are at it as the argument says.
		name, n, _ := strings.Cut(argument, " ")
		os.WriteFile(name+"/"+strconv.Itoa(os.Getpid()), nil, 0o600)
		for entries, _ := os.ReadDir(name); strconv.Itoa(len(entries)) < n; entries, _ = os.ReadDir(name) {
			time.Sleep(time.Millisecond)
		}
		f.respond(strconv.Itoa(os.Getpid()))
	case "error":
		f.post("invocation/"+f.id+"/error", argument)
	case "error-and-exit":
		f.post("invocation/"+f.id+"/error", `{"errorType":"Panic","errorMessage":"oh"}`)
		os.Exit(2)
	case "answer-and-exit":
		f.respond("done")
		os.Exit(0)
	case "exit":
		os.Exit(7)
	case "leave":
		os.Exit(0)
	case "killed":
		self, _ := os.FindProcess(os.Getpid())
		self.Kill()
		select {}
	case "hang":
		select {}
	case "answer-and-hang":
		f.respond("done")
		select {}
	case "child":
		// A child that keeps the output open, and would outlive it.
		child := exec.Command("sleep", "600")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			f.respond(err.Error())
			return
		}
		f.respond(strconv.Itoa(child.Process.Pid))
		if argument == "and die" { // at once: os.Exit sleeps under the race detector
			self, _ := os.FindProcess(os.Getpid())
			self.Kill()
		}
	case "large":
		n, _ := strconv.Atoi(argument)
		status := f.respond(strings.Repeat("x", n))
		fmt.Fprintln(os.Stderr, "posting gave", status)
	case "large-error":
		n, _ := strconv.Atoi(argument)
		request, _ := http.NewRequest("POST", f.api+"invocation/"+f.id+"/error", strings.NewReader(strings.Repeat("x", n)))
		request.Header.Set(headerErrorType, "Large")
		if answer, err := http.DefaultClient.Do(request); err == nil {
			answer.Body.Close()
		}
	case "wrong":
		// All that a runtime must not do; the last answer counts.
		statuses := []int{f.post("invocation/other/response", "x"), f.get("invocation/next")}
		first := f.respond(fmt.Sprint(statuses))
		fmt.Fprintln(os.Stderr, "a first answer gave", first, "and a second one", f.respond("again"))
	case "trailer":
		request, _ := http.NewRequest("POST", f.api+"invocation/"+f.id+"/response", io.MultiReader(strings.NewReader("half an ans")))
		request.Trailer = http.Header{headerErrorType: {"Stream.Broken"}, headerErrorBody: {"eyJlcnJvck1lc3NhZ2UiOiJtaWQifQ=="}}
		http.DefaultClient.Do(request)
	default:
		f.post("invocation/"+f.id+"/error", `{"errorType":"Unknown"}`)
	}
}

func (f *function) respond(body string) int { return f.post("invocation/"+f.id+"/response", body) }

func (f *function) post(path, body string) int {
	answer, err := http.Post(f.api+path, "application/json", strings.NewReader(body))
	if err != nil {
		return 0
	}
	answer.Body.Close()
	return answer.StatusCode
}

func (f *function) get(path string) int {
	answer, err := http.Get(f.api + path)
	if err != nil {
		return 0
	}
	answer.Body.Close()
	return answer.StatusCode
}
