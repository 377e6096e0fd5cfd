"""C++ code for .proto files, by the system's protoc."""

def vidimus_cc_proto(name, srcs, deps = [], grpc = False, visibility = None):
    """A cc_library with the generated code of some .proto files.

    Include it by its path from the root: "proto/record.pb.h".

    Args:
      name: of the cc_library.
      srcs: .proto files of this package.
      deps: other vidimus_cc_proto targets whose files these import, by their
        path from the root.
      grpc: whether to generate the services as well ("x.grpc.pb.h").
      visibility: as everywhere.
    """
    kinds = [".pb", ".grpc.pb"] if grpc else [".pb"]
    stems = [src[:-len(".proto")] for src in srcs]
    outs = [stem + kind for stem in stems for kind in kinds]
    imports = [_protos(dep) for dep in deps]
    native.filegroup(
        name = name + "_protos",
        srcs = srcs + imports,
        visibility = visibility,
    )
    native.genrule(
        name = name + "_code",
        srcs = srcs + imports,
        outs = [out + end for out in outs for end in [".h", ".cc"]],
        cmd = "/usr/bin/protoc --proto_path=. --cpp_out=$(GENDIR)" + (
            " --plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin --grpc_out=$(GENDIR)" if grpc else ""
        ) + "".join([" $(location %s)" % src for src in srcs]),
    )
    native.cc_library(
        name = name,
        srcs = [out + ".cc" for out in outs],
        hdrs = [out + ".h" for out in outs],
        visibility = visibility,
        deps = deps + ["@grpc//:grpc++" if grpc else "@protobuf//:protobuf"],
    )

def _protos(label):
    return label + "_protos" if ":" in label else label + ":" + label.split("/")[-1] + "_protos"
