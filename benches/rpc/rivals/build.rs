fn main() {
    let protoc = protoc_bin_vendored::protoc_bin_path().expect("a compiler for this platform");
    let mut config = tonic_prost_build::Config::new();
    config.protoc_executable(protoc);
    tonic_prost_build::configure()
        .compile_with_config(config, &["echo.proto"], &["."])
        .expect("it is a protocol");
}
