# A formula for Homebrew. `cargo xtask dist` replaces what is between @ signs, and writes it next to the archives.
class Rinalmo < Formula
  desc "RNA language model that folds, embeds and scores RNA, with a bundled model"
  homepage "@REPOSITORY@"
  url "@REPOSITORY@/releases/download/v@VERSION@/rinalmo-@VERSION@-source.tar.gz"
  sha256 "@SHA256@"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args(path: "crates/cli")
    (bash_completion/"rinalmo").write Utils.safe_popen_read(bin/"rinalmo", "completions", "bash")
    (zsh_completion/"_rinalmo").write Utils.safe_popen_read(bin/"rinalmo", "completions", "zsh")
    (fish_completion/"rinalmo.fish").write Utils.safe_popen_read(bin/"rinalmo", "completions", "fish")
    man1.mkpath
    system bin/"rinalmo", "man", "--out-dir", man1
    pkgshare.install "examples"
    doc.install "NOTICE"
  end

  test do
    assert_match "((((....))))", shell_output("#{bin}/rinalmo fold GGGGAAAACCCC")
  end
end
