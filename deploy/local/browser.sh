#!/bin/sh
# The browser tests drive an installed Chromium and need a Chinese font; root installs Debian's.
set -eu

present() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

chinese() {
    command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh family)" ]
}

present && chinese && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "正在安装 Chromium 与中文字体 …"
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    if { apt-get update && apt-get install -y --no-install-recommends \
        chromium fontconfig fonts-wqy-zenhei; } >"$log" 2>&1 </dev/null; then
        rm -f "$log"
        exit 0
    fi
    echo "✗ Chromium 没有装上：请检查网络，详情见 $log" >&2
    exit 1
fi
echo "✗ 浏览器测试需要 Chromium 与中文字体：请运行 sudo apt-get install chromium fonts-wqy-zenhei 后重试。" >&2
exit 1
